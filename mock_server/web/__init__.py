"""HTTP as plain values: messages, forms, problems, and what an answer depends on."""
