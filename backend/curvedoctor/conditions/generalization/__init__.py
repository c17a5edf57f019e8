"""What was learnt and does not carry over to new data, or was kept from being learnt."""
