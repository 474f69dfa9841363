"""One model behind one Service, from a Server and a Loaded."""
