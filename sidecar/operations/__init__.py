"""Operations: is it up, is it well, what waits, what is broken, what lies where."""
