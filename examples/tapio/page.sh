#!/bin/sh
# Pages whoever is on call, about an alert or a cutover; here it is only written down.
if [ -n "$QCTL_ALERT_RULE" ]; then
  echo "$QCTL_ALERT_RULE $QCTL_ALERT_STATE: $QCTL_ALERT_SUMMARY"
else
  echo "$QCTL_PLAN $QCTL_STATE: $QCTL_WHY"
fi >> paged.log
