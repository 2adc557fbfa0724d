"""The book: chapters as HTML, with the definitions, tests and measured numbers that they quote. It knows no HTTP."""
