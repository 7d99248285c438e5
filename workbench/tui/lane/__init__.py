"""What the screen has done in the engine lane: jobs, the desk they run at, what they read."""
