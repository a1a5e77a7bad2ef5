"""MiniStack, which refuses alarms by metric math: of those it gets the first metric alone, so that the rest of a stack can be tried."""

from ministack.services.cloudformation import provisioners

of_one_metric = provisioners._cw_metric_alarm_record


def of_first_metric(name, props):
    metrics = [metric["MetricStat"] for metric in props.get("Metrics") or [] if "MetricStat" in metric]
    if not metrics:
        return of_one_metric(name, props)
    stat = metrics[0]
    known = {key: value for key, value in props.items() if key != "Metrics"}
    return of_one_metric(name, {**known, **stat["Metric"], "Period": stat["Period"], "Statistic": stat["Stat"]})


provisioners._cw_metric_alarm_record = of_first_metric

from ministack.app import app  # noqa: E402, F401
