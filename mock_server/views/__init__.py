"""The record of what crossed the wire, and what people and programs are shown: explanations, diagrams, exports, pages, OpenAPI."""
