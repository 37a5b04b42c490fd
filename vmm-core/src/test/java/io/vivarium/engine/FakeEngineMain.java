package io.vivarium.engine;

import java.time.Duration;

/**
 * An engine's process with fake machines and short minutes, for tests of what goes on between
 * processes.
 */
public final class FakeEngineMain {
  private FakeEngineMain() {}

  public static void main(String[] args) {
    EngineMain.main(args, new FakeMachine.Factory(), Duration.ofMillis(200));
  }
}
