"""The engine's hot path in the databases' own words: finding lanes, claiming, writing down answers, taking on."""
