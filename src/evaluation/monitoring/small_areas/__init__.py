"""Values of small areas, drawn towards all others or towards neighbours by how much of the differences is noise."""
