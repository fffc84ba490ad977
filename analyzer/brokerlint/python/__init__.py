"""Python source files: LibCST in, a small immutable summary out (``ir``). One file at a time; no file knows another."""
