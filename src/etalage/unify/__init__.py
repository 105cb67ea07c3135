"""unify."""
