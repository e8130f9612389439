"""How the policy learns, and what it must show before it may act for anybody."""
