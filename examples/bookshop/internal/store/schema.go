package store

// schema makes the tables that are missing.
const schema = `
CREATE TABLE IF NOT EXISTS users (
	id       INTEGER PRIMARY KEY,
	name     TEXT NOT NULL UNIQUE COLLATE NOCASE,
	password TEXT NOT NULL,
	role     TEXT NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'clerk', 'admin')),
	seen     INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS sessions (
	hash    BLOB PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	started INTEGER NOT NULL,
	used    INTEGER NOT NULL
) STRICT;

CREATE TRIGGER IF NOT EXISTS sessions_end AFTER UPDATE OF password, role ON users BEGIN
	DELETE FROM sessions WHERE user_id = new.id;
END;

CREATE TABLE IF NOT EXISTS books (
	id     INTEGER PRIMARY KEY,
	isbn   TEXT NOT NULL UNIQUE,
	title  TEXT NOT NULL,
	author TEXT NOT NULL,
	price  INTEGER NOT NULL CHECK (price >= 0),
	stock  INTEGER NOT NULL CHECK (stock >= 0),
	cover  TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE IF NOT EXISTS basket (
	user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	book_id  INTEGER NOT NULL REFERENCES books (id),
	quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 20),
	PRIMARY KEY (user_id, book_id)
) STRICT;

CREATE TABLE IF NOT EXISTS orders (
	id      TEXT PRIMARY KEY,
	user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
	status  TEXT NOT NULL CHECK (status IN ('open', 'paid', 'sent', 'cancelled', 'refund_due')),
	total   INTEGER NOT NULL CHECK (total >= 0),
	address TEXT NOT NULL,
	payment TEXT UNIQUE,
	pay_url TEXT NOT NULL DEFAULT '',
	placed  INTEGER NOT NULL,
	closed  INTEGER
) STRICT;

CREATE INDEX IF NOT EXISTS orders_by_user ON orders (user_id, placed);

CREATE TABLE IF NOT EXISTS order_lines (
	order_id TEXT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
	book_id  INTEGER NOT NULL REFERENCES books (id),
	title    TEXT NOT NULL,
	price    INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	PRIMARY KEY (order_id, book_id)
) STRICT;
`
