"""The pages against the program: what they show is played, what is made from the program is made again."""
