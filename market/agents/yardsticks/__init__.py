"""What a policy is measured against: homes alone, a tuned rule, linear programmes, perfect foresight."""
