"""What pages say: figures from the queries, put into sentences in the reader's language."""
