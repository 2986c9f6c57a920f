"""What an SDK builds around the lease: the stream, the questions that memory cannot answer, those who want to know."""
