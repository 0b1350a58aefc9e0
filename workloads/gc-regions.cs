// SPDX-License-Identifier: Apache-2.0
#:property PublishAot=false
// Four threads hold 512 MiB together, in arrays of 100 bytes to 2 MB; two of three of those that are made are dropped at
// once, half of the rest in each round. With the word hold: prints its pid, and ends with its standard input.
const int Threads = 4;
const int Rounds = 3;
const long HeldBytes = 512L << 20;
const int PageBytes = 4096;

List<byte[]>[] held = new List<byte[]>[Threads];
Thread[] threads = new Thread[Threads];
for (int number = 0; number < Threads; number++)
{
    int own = number;
    held[own] = [];
    threads[own] = new Thread(() => Work(held[own], new Random(own)));
    threads[own].Start();
}

foreach (Thread thread in threads)
{
    thread.Join();
}

if (args is ["hold"])
{
    Console.WriteLine($"standing {Environment.ProcessId}");
    while (Console.In.Read() >= 0)
    {
    }
}

GC.KeepAlive(held);

static void Work(List<byte[]> held, Random random)
{
    for (int round = 0; round < Rounds; round++)
    {
        _ = held.RemoveAll(_ => random.Next(2) == 0);
        long bytes = held.Sum(array => (long)array.Length);
        while (bytes < HeldBytes / Threads)
        {
            bool isLarge = random.Next(1000) == 0;
            byte[] array = new byte[isLarge ? random.Next(100_000, 2_000_000) : random.Next(100, 8_000)];
            for (int at = 0; at < array.Length; at += PageBytes)
            {
                array[at] = 1;
            }

            if (random.Next(3) == 0)
            {
                held.Add(array);
                bytes += array.Length;
            }
        }
    }
}
