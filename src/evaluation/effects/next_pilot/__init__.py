"""The next pilot, planned so that it can be evaluated from its first day: how many units, for how long, which, and in what order."""
