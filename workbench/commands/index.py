"""Every command: its name, aliases, heading, the module that declares it, and its summary.

Written by docs/generate.py from those declarations; a test compares the two. With this at hand
`romebench --help` imports none of them.
"""

# fmt: off
# ruff: noqa: E501

from __future__ import annotations

INDEX: tuple[tuple[str, tuple[str, ...], str, str, str], ...] = (
    ("edit", (), "Editing", "editing", "write one fact into the model and record it as a step"),
    ("preview", (), "Editing", "editing", "show what an edit would start from: tokens, lookup position, the target's rank"),
    ("generate", (), "Editing", "editing", "let the model write on from a prompt"),
    ("undo", (), "History", "history", "take back the last edit (or the last N)"),
    ("redo", (), "History", "history", "apply again what was undone"),
    ("goto", (), "History", "history", "move the cursor to a step, a branch or the base"),
    ("branch", (), "History", "history", "list the branches, make one, or rename one"),
    ("log", (), "History", "history", "draw the tree of steps, or list every operation"),
    ("show", (), "History", "history", "show everything recorded of a step"),
    ("queue add", (), "Queue", "queue", "put the requests of a file in the queue"),
    ("queue list", ("queue",), "Queue", "queue", "list the requests that wait"),
    ("queue clear", (), "Queue", "queue", "drop the requests that wait"),
    ("step", (), "Queue", "queue", "take the next request of the queue and edit"),
    ("run", (), "Queue", "queue", "run the queue, or a file of requests through it"),
    ("calibrate", (), "Watch", "watching", "find the normal range of single edits, which verdicts are measured by"),
    ("compare", (), "Watch", "watching", "lay sessions over each other: vitals by depth, and where they part"),
    ("retention", (), "Watch", "watching", "ask every edit again at later steps: which are still in force"),
    ("report", (), "Watch", "watching", "write an HTML page: curves, the table, the worst edits with their texts"),
    ("lens", (), "Inspection", "inspecting", "read every layer through the head: top tokens, entropy, base beside edited"),
    ("trace", (), "Inspection", "inspecting", "find the states that carry a fact, by corrupting the subject and restoring them"),
    ("vectors", (), "Inspection", "inspecting", "push the residual stream with a vector, and hold it against random ones"),
    ("explain", (), "Inspection", "inspecting", "show what an edit did: promoted tokens, lens, trace, prompts that moved"),
    ("replay", (), "Record", "transfer", "check every stored delta and hash; with --into, make the requests again"),
    ("export", (), "Record", "transfer", "write a whole session as JSONL"),
    ("import", (), "Record", "transfer", "read a session export into the store"),
    ("deltas", (), "Record", "transfer", "write the deltas of a session as safetensors"),
    ("eval counterfact", (), "Evaluation", "evaluating", "edit the cases of CounterFact and measure ES, PS, NS, GE, RS and S"),
    ("eval zsre", (), "Evaluation", "evaluating", "edit the cases of zsRE and measure the accuracy of their answers"),
    ("eval results", (), "Evaluation", "summarizing", "write the results of a run as kmeng01/rome's files"),
    ("eval summarize", (), "Evaluation", "summarizing", "mean, deviation and interval of every metric, runs side by side"),
    ("eval glue", (), "Evaluation", "probing", "probe the model with SST-2, MRPC, CoLA, RTE and ME-PPL along its edits"),
    ("eval harness", (), "Evaluation", "probing", "ask tasks of the lm-evaluation-harness of the model along its edits"),
    ("sessions list", ("sessions",), "Sessions", "sessions", "list the sessions, newest used first"),
    ("sessions show", (), "Sessions", "sessions", "show what a session is and where it stands"),
    ("sessions new", (), "Sessions", "sessions", "make a session: load the model, draw the contexts, record the fingerprints"),
    ("sessions open", (), "Sessions", "sessions", "make a session the one that commands act on"),
    ("sessions rename", (), "Sessions", "sessions", "give a session another name"),
    ("sessions delete", (), "Sessions", "sessions", "remove a session and everything recorded in it"),
    ("sessions verify", (), "Sessions", "sessions", "check what is stored of a session against itself"),
    ("models list", ("models",), "Models", "models", "list the models known by name, and the architectures that can be edited"),
    ("models show", (), "Models", "models", "load a model and tell where its weights lie and what it is"),
    ("models probe", (), "Models", "models", "find the parts of a model by its structure, and try an edit on it"),
    ("hparams list", ("hparams",), "Models", "models", "list the hyperparameter presets"),
    ("hparams show", (), "Models", "models", "show a preset or a file of hyperparameters in the field's keys"),
    ("stats collect", (), "Statistics", "statistics", "collect the second moments C of a model's layers over a text"),
    ("stats import", (), "Statistics", "statistics", "take over a statistics file of kmeng01/rome or EasyEdit, or a matrix"),
    ("stats show", ("stats",), "Statistics", "statistics", "list the statistics that are kept, or show one file and its conditioning"),
    ("sweep-layers", (), "Statistics", "sweep", "score each layer of a model on a request file"),
    ("config show", ("config",), "Settings", "configuring", "the settings that count here, and where each comes from"),
    ("config path", (), "Settings", "configuring", "the files that settings are looked for in, nearest first"),
    ("config validate", (), "Settings", "configuring", "all that is wrong with the settings"),
    ("config init", (), "Settings", "configuring", "write a settings file with every setting, commented out"),
    ("config set", (), "Settings", "configuring", "write a value into a settings file; comments stay"),
    ("config unset", (), "Settings", "configuring", "take a value out of a settings file; comments stay"),
    ("where", (), "About", "about", "show where the store, logs, caches and settings lie"),
    ("doctor", (), "About", "about", "check the installation, devices, memory, settings and the store"),
)
