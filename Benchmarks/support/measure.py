"""Reads what a process has used, and condenses rounds into figures."""

import math
import os
import platform
import statistics
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of a process with all its threads, from /proc/PID/stat; steps of 10 ms."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_nanoseconds(pid):
    """The same from the scheduler's own count, to the nanosecond."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        except FileNotFoundError:
            pass  # a thread that ended meanwhile
    return total


def resident_bytes(pid):
    """Memory of the process that is in RAM."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def private_bytes(pid):
    """Memory that the process itself has filled, in RAM or swapped out.

    Over hours this alone tells whether something is never given back: pages of the program's file come and go with what
    else the machine is doing.
    """
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return sum(int(fields[name].split()[0]) * 1024 for name in ("RssAnon", "RssShmem", "VmSwap"))


def peak_bytes(pid):
    """The most memory that the process has had in RAM since it began, or since `forget_peak`."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def forget_peak(pid):
    """Has `peak_bytes` begin anew with what is in RAM now (proc(5), clear_refs)."""
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def sync_milliseconds(folder, count=200):
    """How long the disk takes to make 4 KiB last that are written over in a file, as a log's are: the median."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(count):
            os.pwrite(file.fileno(), os.urandom(4096), 0)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def flushes(folder):
    """How often the disk that holds a folder has been told to make lasting what it caches, by whomever; None where the
    kernel does not tell (Documentation/block/stat.rst)."""
    device = os.stat(folder).st_dev
    path = f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"
    if os.path.exists(path + "/partition"):
        path += "/.."
    try:
        with open(path + "/stat", encoding="ascii") as file:
            fields = file.read().split()
    except OSError:
        return None
    return int(fields[15]) if len(fields) > 15 and int(fields[15]) else None


def open_files(pid):
    """How many file descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def percentile(values, share):
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * share) - 1)]


def median_bounds(values):
    """The median with its lower and upper 90 % bounds, each one-sided, by order statistics of the binomial.

    With fewer than four values no order statistic is that sure, and the extremes are given.
    """
    ordered = sorted(values)
    count = len(ordered)
    below, outside = 0.0, -1
    for number in range(count):
        below += math.comb(count, number) / 2**count
        if below > 0.1:
            break
        outside = number
    outside = max(0, outside)
    return statistics.median(ordered), ordered[outside], ordered[count - 1 - outside]


def machine():
    """One line that says where the figures are from."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{os.cpu_count()} cores {platform.machine()} ({model}), Linux {platform.release().split('-')[0]}"
