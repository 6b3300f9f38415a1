import contextlib

import pytest
import redis

from tests.redis_server import OwnRedis


def test_each_test_gets_an_empty_database(redis_url: str) -> None:
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_what_a_test_left_behind_is_gone(redis_url: str) -> None:
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        assert client.dbsize() == 0


def test_a_server_of_the_tests_own_can_be_stopped_and_comes_back_empty_at_the_same_address(own_redis: OwnRedis) -> None:
    url = own_redis.url
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        client.set("kept", "no")
        own_redis.stop()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        own_redis.start()
        assert own_redis.url == url
        assert client.get("kept") is None


def test_it_asks_for_its_password(own_redis: OwnRedis) -> None:
    stranger = own_redis.url.split("@")[1]
    with (
        contextlib.closing(redis.Redis.from_url(f"redis://{stranger}")) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()
