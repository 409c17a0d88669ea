"""Several notebooks become one package: who hands on what, in which order they run, and what is written of it."""
