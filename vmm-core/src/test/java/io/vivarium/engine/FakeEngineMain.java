package io.vivarium.engine;

/** An engine's process with fake machines, for tests of what goes on between processes. */
public final class FakeEngineMain {
  private FakeEngineMain() {}

  public static void main(String[] args) {
    EngineMain.main(args, new FakeMachine.Factory());
  }
}
