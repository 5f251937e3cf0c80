"""Settings, wiring and run: the only place that names the concrete classes of all layers together."""
