"""What Python actions get from Midwatch. Standard library only: it runs in the packs' interpreters."""
