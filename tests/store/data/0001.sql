-- A store as schema 0001 wrote it. Never edit: it stands for the files users have.
PRAGMA application_id = 1380928837;
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE branches (
	id INTEGER NOT NULL, 
	session_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	tip INTEGER, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_branches PRIMARY KEY (id), 
	CONSTRAINT fk_branches_session_id_tip FOREIGN KEY(session_id, tip) REFERENCES steps (session_id, step), 
	CONSTRAINT fk_branches_session_id FOREIGN KEY(session_id) REFERENCES sessions (id), 
	CONSTRAINT uq_branches_session_id_name UNIQUE (session_id, name)
);
INSERT INTO "branches" VALUES(1,1,'main',2,'2026-01-02T03:04:05.000006+00:00');
INSERT INTO "branches" VALUES(2,1,'main-2',3,'2026-01-02T03:04:05.000007+00:00');
CREATE TABLE cursors (
	session_id INTEGER NOT NULL, 
	branch_id INTEGER NOT NULL, 
	step INTEGER, 
	CONSTRAINT pk_cursors PRIMARY KEY (session_id), 
	CONSTRAINT fk_cursors_branch_id FOREIGN KEY(branch_id) REFERENCES branches (id), 
	CONSTRAINT fk_cursors_session_id_step FOREIGN KEY(session_id, step) REFERENCES steps (session_id, step), 
	CONSTRAINT fk_cursors_session_id FOREIGN KEY(session_id) REFERENCES sessions (id)
);
INSERT INTO "cursors" VALUES(1,2,3);
CREATE TABLE deltas (
	session_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	weight_name TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_deltas PRIMARY KEY (session_id, step, weight_name), 
	CONSTRAINT fk_deltas_session_id_step FOREIGN KEY(session_id, step) REFERENCES steps (session_id, step), 
	CONSTRAINT fk_deltas_session_id FOREIGN KEY(session_id) REFERENCES sessions (id)
);
INSERT INTO "deltas" VALUES(1,1,'transformer.h.1.mlp.c_proj.weight','8b53639f152c8fc6ef30802fde462ba0be9cf085f7580dc69efd72e002abbb35',X'6431');
INSERT INTO "deltas" VALUES(1,2,'transformer.h.1.mlp.c_proj.weight','e788103ee15318fcd2af9b73b4ebbb33a903b020de7b307d71f5fed0f433e548',X'6432');
INSERT INTO "deltas" VALUES(1,3,'transformer.h.1.mlp.c_proj.weight','f451a61749c611ba0fa0e16c61831db44f38c611dff25879cf271a24c81a88b6',X'6433');
CREATE TABLE generations (
	id INTEGER NOT NULL, 
	session_id INTEGER NOT NULL, 
	step INTEGER, 
	role TEXT NOT NULL, 
	prompt TEXT NOT NULL, 
	parameters TEXT NOT NULL, 
	seed TEXT NOT NULL, 
	token_ids TEXT NOT NULL, 
	text TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_generations PRIMARY KEY (id), 
	CONSTRAINT fk_generations_session_id_step FOREIGN KEY(session_id, step) REFERENCES steps (session_id, step), 
	CONSTRAINT fk_generations_session_id FOREIGN KEY(session_id) REFERENCES sessions (id)
);
INSERT INTO "generations" VALUES(1,1,3,'after','東京 is in','{"greedy":true}','0','[1,2,3]','東京 is in Malta','2026-01-02T03:04:05.000007+00:00');
CREATE TABLE hparams (
	digest TEXT NOT NULL, 
	content TEXT NOT NULL, 
	CONSTRAINT pk_hparams PRIMARY KEY (digest)
);
INSERT INTO "hparams" VALUES('5b50e583b67fe9d1bd96322c0adb857c40c0985a8a39fad35e1ff5a10fd30747','{"layers":[1],"v_lr":0.5}');
CREATE TABLE intents (
	session_id INTEGER NOT NULL, 
	command TEXT NOT NULL, 
	params TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_intents PRIMARY KEY (session_id), 
	CONSTRAINT fk_intents_session_id FOREIGN KEY(session_id) REFERENCES sessions (id)
);
INSERT INTO "intents" VALUES(1,'step','{"position":2}','2026-01-02T03:04:05.000008+00:00');
CREATE TABLE measurements (
	id INTEGER NOT NULL, 
	session_id INTEGER NOT NULL, 
	step INTEGER, 
	probe TEXT NOT NULL, 
	value DOUBLE, 
	detail TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	CONSTRAINT pk_measurements PRIMARY KEY (id), 
	CONSTRAINT fk_measurements_session_id_step FOREIGN KEY(session_id, step) REFERENCES steps (session_id, step), 
	CONSTRAINT fk_measurements_session_id FOREIGN KEY(session_id) REFERENCES sessions (id)
);
INSERT INTO "measurements" VALUES(1,1,3,'perplexity',12.5,'{"tokens":100}','2026-01-02T03:04:05.000007+00:00');
CREATE TABLE operations (
	session_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	command TEXT NOT NULL, 
	params TEXT NOT NULL, 
	status TEXT NOT NULL, 
	result TEXT NOT NULL, 
	before_branch TEXT NOT NULL, 
	before_step INTEGER NOT NULL, 
	after_branch TEXT NOT NULL, 
	after_step INTEGER NOT NULL, 
	created_at TEXT NOT NULL, 
	elapsed_s DOUBLE NOT NULL, 
	CONSTRAINT pk_operations PRIMARY KEY (session_id, number), 
	CONSTRAINT fk_operations_session_id FOREIGN KEY(session_id) REFERENCES sessions (id)
);
INSERT INTO "operations" VALUES(1,1,'create','{"name":"first light"}','ok','{}','main',0,'main',0,'2026-01-02T03:04:05.000001+00:00',0.0);
INSERT INTO "operations" VALUES(1,2,'edit','{"request":"x"}','ok','{"step":1}','main',0,'main',1,'2026-01-02T03:04:05.000005+00:00',1.5);
CREATE TABLE queue (
	session_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	request TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	status TEXT NOT NULL, 
	step INTEGER, 
	message TEXT NOT NULL, 
	CONSTRAINT pk_queue PRIMARY KEY (session_id, position), 
	CONSTRAINT fk_queue_session_id_step FOREIGN KEY(session_id, step) REFERENCES steps (session_id, step), 
	CONSTRAINT fk_queue_session_id FOREIGN KEY(session_id) REFERENCES sessions (id)
);
INSERT INTO "queue" VALUES(1,1,'{"subject":"Rome"}','facts.json:1','done',1,'');
INSERT INTO "queue" VALUES(1,2,'{"subject":"Paris"}','facts.json:2','pending',NULL,'');
CREATE TABLE sessions (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	used_at TEXT NOT NULL, 
	step_count INTEGER NOT NULL, 
	last_step INTEGER NOT NULL, 
	model TEXT NOT NULL, 
	revision TEXT, 
	model_type TEXT NOT NULL, 
	model_sha256 TEXT NOT NULL, 
	tokenizer_sha256 TEXT NOT NULL, 
	dtype TEXT NOT NULL, 
	device TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	hparams TEXT NOT NULL, 
	weight_name TEXT NOT NULL, 
	seed TEXT NOT NULL, 
	contexts TEXT NOT NULL, 
	statistics TEXT, 
	base_weight_sha256 TEXT NOT NULL, 
	versions TEXT NOT NULL, 
	source TEXT, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT fk_sessions_hparams FOREIGN KEY(hparams) REFERENCES hparams (digest), 
	CONSTRAINT uq_sessions_name UNIQUE (name), 
	CONSTRAINT uq_sessions_uid UNIQUE (uid)
);
INSERT INTO "sessions" VALUES(1,'0123456789abcdef0123456789abcdef','first light','2026-01-02T03:04:05.000001+00:00','2026-01-02T03:04:05.000008+00:00',3,3,'pocket',NULL,'gpt2','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','float32','cpu','r-rome','5b50e583b67fe9d1bd96322c0adb857c40c0985a8a39fad35e1ff5a10fd30747','transformer.h.1.mlp.c_proj.weight','18446744073709551615','["{}","The. {}"]',NULL,'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','{"romebench":"0.1.0"}',NULL);
CREATE TABLE step_details (
	session_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	request TEXT NOT NULL, 
	vitals TEXT NOT NULL, 
	diagnostics TEXT NOT NULL, 
	timings TEXT NOT NULL, 
	tokens TEXT NOT NULL, 
	losses TEXT NOT NULL, 
	CONSTRAINT pk_step_details PRIMARY KEY (session_id, step), 
	CONSTRAINT fk_step_details_session_id_step FOREIGN KEY(session_id, step) REFERENCES steps (session_id, step), 
	CONSTRAINT fk_step_details_session_id FOREIGN KEY(session_id) REFERENCES sessions (id)
);
INSERT INTO "step_details" VALUES(1,1,'{"prompt":"{} is in","subject":"Rome","target_new":"Malta"}','{"delta_ratio":0.03,"efficacy":true}','{"denominator":0.25}','{"value":1.5}','{"ids":[1,2],"lookup_index":1}','[{"step":0,"loss":2.5}]');
INSERT INTO "step_details" VALUES(1,2,'{"prompt":"{} is in","subject":"Oslo","target_new":"Malta"}','{"delta_ratio":0.03,"efficacy":true}','{"denominator":0.25}','{"value":1.5}','{"ids":[1,2],"lookup_index":1}','[{"step":0,"loss":2.5}]');
INSERT INTO "step_details" VALUES(1,3,'{"prompt":"{} is in","subject":"東京","target_new":"Malta"}','{"delta_ratio":0.03,"efficacy":true}','{"denominator":0.25}','{"value":1.5}','{"ids":[1,2],"lookup_index":1}','[{"step":0,"loss":2.5}]');
CREATE TABLE steps (
	session_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	parent INTEGER, 
	depth INTEGER NOT NULL, 
	created_at TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	target_new TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	weight_name TEXT NOT NULL, 
	weight_sha256 TEXT NOT NULL, 
	verdict TEXT NOT NULL, 
	verdict_reason TEXT NOT NULL, 
	delta_ratio DOUBLE, 
	hparams TEXT NOT NULL, 
	CONSTRAINT pk_steps PRIMARY KEY (session_id, step), 
	CONSTRAINT ck_steps_depth CHECK (depth > 0), 
	CONSTRAINT ck_steps_parent CHECK (parent < step), 
	CONSTRAINT ck_steps_step CHECK (step > 0), 
	CONSTRAINT fk_steps_hparams FOREIGN KEY(hparams) REFERENCES hparams (digest), 
	CONSTRAINT fk_steps_session_id_parent FOREIGN KEY(session_id, parent) REFERENCES steps (session_id, step), 
	CONSTRAINT fk_steps_session_id FOREIGN KEY(session_id) REFERENCES sessions (id)
);
INSERT INTO "steps" VALUES(1,1,NULL,1,'2026-01-02T03:04:05.000005+00:00','Rome','Malta','r-rome','transformer.h.1.mlp.c_proj.weight','60c5590f72eef292f9545afc28bf63ca91d2016a0a288f90f9a32f89d3fffcaf','uncalibrated','',0.03,'5b50e583b67fe9d1bd96322c0adb857c40c0985a8a39fad35e1ff5a10fd30747');
INSERT INTO "steps" VALUES(1,2,1,2,'2026-01-02T03:04:05.000005+00:00','Oslo','Malta','r-rome','transformer.h.1.mlp.c_proj.weight','06f8faea3b5f697691b6d063a07ba4ffaf1ece9a1d473c588565231cdc8e59cc','uncalibrated','',0.03,'5b50e583b67fe9d1bd96322c0adb857c40c0985a8a39fad35e1ff5a10fd30747');
INSERT INTO "steps" VALUES(1,3,1,2,'2026-01-02T03:04:05.000005+00:00','東京','Malta','r-rome','transformer.h.1.mlp.c_proj.weight','55eae50b75e2b2990f2c18be84ca079727a85f61b839c3359249801fe1ab9e9c','uncalibrated','',0.03,'5b50e583b67fe9d1bd96322c0adb857c40c0985a8a39fad35e1ff5a10fd30747');
CREATE INDEX ix_sessions_used_at ON sessions (used_at);
CREATE INDEX ix_steps_session_id_parent ON steps (session_id, parent);
CREATE INDEX ix_generations_session_id_step ON generations (session_id, step);
CREATE INDEX ix_measurements_session_id_step ON measurements (session_id, step);
COMMIT;
