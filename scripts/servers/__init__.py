"""Real servers without root, services or containers: found on this machine or in a wheel, started, stopped, killed."""
