"""What conditions of several subjects ask of a curve: its shape, its turns, its noise, its resting level."""
