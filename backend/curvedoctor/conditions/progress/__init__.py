"""Training that does not learn, learns too slowly, stops too early or goes on too long."""
