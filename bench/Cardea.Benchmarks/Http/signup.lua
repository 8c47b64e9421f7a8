-- An account of its own each time.
local number, run = 0, ""

function init(args)
  run = string.sub(args[1], 1, 12)
end

function request()
  number = number + 1
  return wrk.format("POST", "/auth/signup", { ["Content-Type"] = "application/json",
    ["X-Forwarded-For"] = string.format("10.%d.%d.%d", math.floor(number / 62500) % 250, math.floor(number / 250) % 250, number % 250) }, -- so many from one address are refused
    '{"email":"new' .. run .. number .. '@example.org","password":"violet tractor lamp nine","given_name":"Alice","family_name":"Example"}')
end
