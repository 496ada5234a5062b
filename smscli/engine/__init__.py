"""The verbs: make the plan, send it. Knows the domain; meets gateways and sent logs as Protocols."""
