"""While it runs: figures that move, tracking that breaks, the scoreboard."""
