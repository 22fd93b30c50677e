"""How text is read: sentences, citation marks, words, numbers, days and languages. Nothing is decided here."""
