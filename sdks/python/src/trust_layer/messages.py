"""Every message and enum of the contract under one name: `messages.CreateSessionRequest(…)`.

Fields, units and bounds are described in `proto/trust/v1`.
"""

from trust_layer.gen.messages import *  # noqa: F403
