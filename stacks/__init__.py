"""What a stack is: typed data in, decisions made. No cloud resource is declared here."""
