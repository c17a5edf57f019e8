"""The Diagnosis tab of TensorBoard.

`loader` is all that TensorBoard imports at start. `plugin` answers requests by asking `worker`, a
process of its own that reads and judges: whatever happens there, TensorBoard runs on undisturbed.
"""
