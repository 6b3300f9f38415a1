"""The parts of the tax engine: exact decimals in, cents out, no input or output; `fiscal.totals` puts them together."""
