"""Results become a report: a typed tree of sections, sentences, tables and figures, and its renderings."""
