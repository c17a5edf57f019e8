"""Small agents that learn, or don't, and whose remedies are really tried: `python -m clinic.agents`."""
