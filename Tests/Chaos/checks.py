"""Every layer against the model: lists of what is wrong, empty where nothing is."""

import cache
import database
import topics


def services(run):
    instances = [*run.stack.gone, *run.stack.instances()]
    return [f"{instance.name} ended by itself with {code}" for instance in instances for code in instance.strange_ends]


def compare(run):
    """name of a check -> what is wrong there."""
    run.topics = topics.Topics(run)
    return {check.__name__: check(run) for check in [*topics.ALL, *database.ALL, *cache.ALL, services]}
