"""The resources that tokens are for: weather readings over REST, and the same as a tool for agents."""
