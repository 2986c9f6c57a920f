"""The lease of chapter 6 as a pure state machine: no I/O, no clock, no timer. Instants and spans in milliseconds."""
