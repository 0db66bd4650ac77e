"""What the lane that tells stores of shipments is called, and its effects."""

POST = "fulfillment.post"
POST_EFFECT = "store.post"
CORRECT_EFFECT = "store.correct"
