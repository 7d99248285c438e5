"""How Results look: rich renderables for people; the one door model text goes through."""
