"""What another archive does, asked by the same requests as ours: the requests, the observer, and the facts that were recorded."""
