"""`make up`: what a real installation has, on this machine: PostgreSQL, Valkey, nginx, API and worker processes."""
