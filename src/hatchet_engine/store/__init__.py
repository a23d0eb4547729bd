"""What the engine keeps: tables, migrations, the write side (`Ledger`) and the read side (`Queries`)."""
